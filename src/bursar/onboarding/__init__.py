"""Onboarding: a payment link, the order it makes, and the money that makes it a customer's."""
