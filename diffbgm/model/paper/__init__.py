"""The network of the Diff-BGM paper (CVPR 2024), its diffusion and its public checkpoints."""
