"""The ways out: e-mail and SMS."""
