"""What editors ask while somebody writes an expression."""
