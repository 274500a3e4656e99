"""Small models of open_clip with random weights, in folders as `install.py clip` leaves them."""

import json
from pathlib import Path

from diffbgm.video.clip_weights import CONFIG, WEIGHTS

WIDTH = 32
TOWER = {"layers": 2, "width": 32, "heads": 2}
TEXT = {**TOWER, "context_length": 77, "vocab_size": 49408}
CLIP = {
    "embed_dim": WIDTH,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 2, "width": 64},
    "text_cfg": TEXT,
}
COCA = {
    "embed_dim": WIDTH,
    "vision_cfg": {
        **CLIP["vision_cfg"],
        "attentional_pool": True,
        "attn_pooler_heads": 2,
        "output_tokens": True,
    },
    "text_cfg": {**TEXT, "context_length": 76, "embed_cls": True, "output_tokens": True},
    "multimodal_cfg": {**TEXT, "context_length": 76, "attn_pooler_heads": 2},
    "custom_text": True,
}


def save_model(folder: Path, config: dict, seed: int = 0) -> Path:
    """A model of this architecture in `folder`, made by the library itself."""
    import torch
    from safetensors.torch import save_file

    from diffbgm.video.clip_network import import_open_clip

    open_clip = import_open_clip()
    folder.mkdir(parents=True)
    register = folder / f"small_{folder.name}.json"
    register.write_text(json.dumps(config))
    open_clip.add_model_config(register)
    torch.manual_seed(seed)
    model = open_clip.create_model(register.stem)
    if "multimodal_cfg" in config:  # which the library leaves as the memory was
        torch.nn.init.normal_(model.text_decoder.text_projection)
    register.unlink()
    (folder / CONFIG).write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    save_file(model.state_dict(), folder / WEIGHTS[0])
    return folder
