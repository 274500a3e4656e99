"""The diffusion model over piano rolls."""
