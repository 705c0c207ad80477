"""`python -m bursar` is `bursar`."""

from bursar.app import main

if __name__ == "__main__":
    main()
