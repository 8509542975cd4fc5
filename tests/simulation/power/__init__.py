"""The SQLite store on a disk that loses power."""
