"""abstory: A/B testing for short-form video stories."""
