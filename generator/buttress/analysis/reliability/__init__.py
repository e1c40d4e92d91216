"""What happens when something outside is slow, or gone."""
