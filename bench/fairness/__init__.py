"""The latency of one organization, alone and while another one loads the server."""
