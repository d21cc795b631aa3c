"""Run the tool: `nextgen COMMAND`."""

from cyclopts import App

app = App(name="nextgen", help="Operate the account side of CM/ECF NextGen.")


def main() -> None:
    """Read the command line and do what it says."""
    app()


if __name__ == "__main__":
    main()
