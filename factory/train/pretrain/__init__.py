"""Greedy layer-wise pre-training without labels: restricted Boltzmann machines and denoising autoencoders."""

from factory.train.pretrain.pretrain import Batches, LayerReport, pretrain

__all__ = ["Batches", "LayerReport", "pretrain"]
