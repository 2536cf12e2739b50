"""What PyTorch computes, a file for each subject."""
