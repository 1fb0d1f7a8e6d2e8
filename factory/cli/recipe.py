"""`factory recipe`: the recipes that come with the package, and whether one's own are right."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from factory.cli.options import Json

app = typer.Typer(help="List, check and print recipes.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """List, check and print recipes."""


def complete_recipe(incomplete: str) -> list[str]:
    """Names of recipes, for the shell; paths it completes itself when none fits."""
    from factory.train.recipe.reading import recipe_names

    return [name for name in recipe_names() if name.startswith(incomplete)]


Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, such as optimizer.momentum=0.8; repeatable."),
]


@app.command("list")
def list_recipes(json: Json = False) -> None:
    """List the recipes that come with the package."""
    from factory.cli.output import print_table
    from factory.train.recipe.reading import load_recipe, recipe_names

    recipes = [load_recipe(name) for name in recipe_names()]
    if json:
        from json import dumps

        keys = ("epochs", "batch_size", "note")
        print(dumps([{"name": one.recipe, **{key: getattr(one, key) for key in keys}} for one in recipes], indent=2))
        return
    rows = [[one.recipe, str(one.epochs), str(one.batch_size), one.note or "-"] for one in recipes]
    print_table(["name", "epochs", "batch", "what for"], rows, left={"name", "what for"})


@app.command()
def check(
    recipes: Annotated[
        list[str],
        typer.Argument(metavar="RECIPE...", help="YAML files, or names of recipes.", autocompletion=complete_recipe),
    ],
    settings: Settings = None,
) -> None:
    """Check recipes: all mistakes of all files in one run."""
    from factory.errors import FactoryError
    from factory.train.recipe.overrides import recipe_settings
    from factory.train.recipe.reading import load_recipe

    changes = recipe_settings(settings)
    wrong = False
    for name in recipes:
        try:
            found = load_recipe(name, **changes)
            how = f"{found.epochs} epochs of batches of {found.batch_size}"
            print(f"{name}: ok, {how}, {found.optimizer.name}, {found.schedule.name}")
        except FactoryError as error:
            wrong = True
            print(error, file=sys.stderr)
    if wrong:
        raise typer.Exit(2)


@app.command()
def render(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A YAML file, or a name (see: factory recipe list).",
            autocompletion=complete_recipe,
        ),
    ],
    settings: Settings = None,
) -> None:
    """Print a recipe with every default filled in.

    Inheritance and overrides are applied, so that it stands by itself.
    """
    from factory.train.recipe.overrides import recipe_settings
    from factory.train.recipe.reading import load_recipe
    from factory.train.recipe.render import render_recipe

    print(render_recipe(load_recipe(recipe, **recipe_settings(settings))), end="")


@app.command()
def schema() -> None:
    """Print the JSON schema of recipes, for editors."""
    from factory.train.recipe.schema import schema_text

    print(schema_text(), end="")
