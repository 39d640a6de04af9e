"""The version of this program; it must know nothing else."""

VERSION = "0.1.0"
