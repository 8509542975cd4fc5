"""Templates: texts and JSON values that contain expressions, such as the settings of steps, and cards."""
