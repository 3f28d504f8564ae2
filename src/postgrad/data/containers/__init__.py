"""One file a container: unpacked bytes → raw rows. What is wrong with a whole file is said by `data/files.py`."""
