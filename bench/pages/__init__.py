"""The pages of the web app in Chromium, on a server with a store of many executions."""
