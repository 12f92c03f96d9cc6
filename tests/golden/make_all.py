"""Runs every make_*.py of this folder.

python tests/golden/make_all.py PATH/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import subprocess
import sys

import common

NEED_MODEL = ["make_tokenizer.py", "make_smollm2.py"]
NEED_NOTHING = ["make_small_tokenizer.py", "make_gguf.py", "make_safetensors.py", "make_grpo.py", "make_tiny_llama.py", "make_number_cases.py", "make_rewards.py"]


def main():
    model = common.gguf_argument()
    for script in NEED_MODEL + NEED_NOTHING:
        subprocess.run([sys.executable, common.FOLDER / script, *([model] if script in NEED_MODEL else [])], check=True)


if __name__ == "__main__":
    main()
