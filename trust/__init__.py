"""How often the suite catches a wrong gradient, how often it cries wolf, and how the rules of others do on the same corpus."""
