"""`python -m incident_commander` is the `incident-commander` command."""

from .cli import main

if __name__ == "__main__":
    main()
