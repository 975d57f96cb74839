"""What studies of the market share: its people, what their work comes to on each model, what was counted, figures."""
