"""Tills: where customers pay by card and the like, and what the providers behind them say of the money."""
