"""Pretrain the base that ships: one reproducible script, `python -m postgrad.embedded.pretrain --out DIR`.

Two phases, as open bases are made today (OLMo 2, arXiv:2501.00656, section 4: pretraining, then mid-training on a
richer mix): a broad one, and one with more restating, lists and counting, and with sums beyond 999. The second begins
with the weights as they would ship, in bf16, and with fresh optimisers.

The text of step s is a function of (seed, s), so a run that was killed goes on from its last checkpoint and ends in the
same bits. `--until-step 200 --check` runs the first steps anew and compares the hash of the weights with the recorded
one: equal on the same class of CPU (instruction set, torch version, threads). Elsewhere the floats differ in the last
bits, and the scores are what should agree, within their intervals.
"""

import argparse
import hashlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from postgrad.embedded.corpus import MIXES, documents
from postgrad.embedded.scores import plain_scores
from postgrad.embedded.tokenizer import save_tokenizer, train_tokenizer

RECORD = Path(__file__).parent / "pretraining.json"
"""What the committed base came out of: settings, hashes, machine class, scores."""
CONTEXT = 512


@dataclass(frozen=True)
class Phase:
    """Steps on one mix of text, with their own course of the learning rates."""

    steps: int
    mix: str
    matrix_rate: float
    other_rate: float
    warmup: int = 40
    decay_share: float = 0.45
    final_share: float = 0.02


@dataclass(frozen=True)
class Settings:
    """Everything that the weights depend on, besides the machine class."""

    phases: tuple[Phase, ...] = (
        Phase(2400, "broad", matrix_rate=0.02, other_rate=3e-3),
        Phase(1600, "rich", matrix_rate=0.01, other_rate=1.5e-3, decay_share=0.9),
    )
    seed: int = 1
    rows: int = 16
    length: int = 256
    weight_decay: float = 0.01
    clip: float = 1.0
    initial_std: float = 0.05
    threads: int = 2

    width: int = 192
    layers: int = 5
    heads: int = 6
    key_value_heads: int = 3
    feed_forward: int = 512

    @property
    def steps(self) -> int:
        return sum(phase.steps for phase in self.phases)

    def phase_of(self, step: int) -> tuple[Phase, int]:
        """The phase that a step belongs to, and the step's number within it."""
        for phase in self.phases:
            if step < phase.steps:
                return phase, step
            step -= phase.steps
        raise IndexError(f"there are {self.steps} steps")


def make_model(s: Settings, vocabulary: int, end: int, pad: int) -> LlamaForCausalLM:
    """The raw base with random weights."""
    torch.manual_seed(s.seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=s.width,
        intermediate_size=s.feed_forward,
        num_hidden_layers=s.layers,
        num_attention_heads=s.heads,
        num_key_value_heads=s.key_value_heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=pad,
        initializer_range=s.initial_std,
        rms_norm_eps=1e-5,
        dtype=torch.float32,
    )
    model = LlamaForCausalLM(config).float()
    for name, p in model.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            torch.nn.init.zeros_(p)  # each layer starts as the identity
    return model


def batch(tokenizer: PreTrainedTokenizerFast, s: Settings, step: int) -> torch.Tensor:
    """The tokens of one step, int64 [rows, length + 1]: documents one after another, the end token between them."""
    need = s.rows * (s.length + 1)
    end = tokenizer.eos_token_id
    tokens: list[int] = [end]
    stream = documents(s.seed, step, MIXES[s.phase_of(step)[0].mix])
    while len(tokens) < need:
        texts = [next(stream) for _ in range(64)]
        for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]:
            tokens += [*ids, end]
    return torch.tensor(tokens[:need]).view(s.rows, s.length + 1)


def text_hash(tokenizer: PreTrainedTokenizerFast, s: Settings) -> str:
    """SHA-256 over the tokens of each phase's first three steps: tells, without training, that the text is the same."""
    firsts = [sum(phase.steps for phase in s.phases[:number]) for number in range(len(s.phases))]
    text = torch.cat([batch(tokenizer, s, first + step) for first in firsts for step in range(3)])
    return hashlib.sha256(text.numpy().tobytes()).hexdigest()


def rate(phase: Phase, step: int) -> float:
    """The share of the peak rate: linear warm-up, a plateau, then a straight line down to `final_share`."""
    if step < phase.warmup:
        return (step + 1) / phase.warmup
    left = (phase.steps - step) / (phase.decay_share * phase.steps)
    return min(1.0, phase.final_share + (1 - phase.final_share) * left)


def weights_hash(model: LlamaForCausalLM) -> str:
    """SHA-256 over the fp32 bytes of all parameters, in the order of their names."""
    digest = hashlib.sha256()
    for name, p in sorted(model.named_parameters()):
        digest.update(name.encode())
        digest.update(p.detach().float().contiguous().numpy().tobytes())
    return digest.hexdigest()


def machine_class() -> dict[str, str | int]:
    """What may change the last bits of a float: instruction set, CPU model, torch."""
    model, flags = "unknown", ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
            if line.startswith("flags"):
                held = set(line.split(":", 1)[1].split())
                flags = " ".join(sorted(f for f in held if f.startswith(("avx", "fma", "amx"))))
                break
    capability = torch.backends.cpu.get_cpu_capability()
    return {"cpu": model, "flags": flags, "capability": capability, "torch": torch.__version__}


class Pretraining:
    """The model, its optimisers and where they stand.

    Matrices are trained by Muon (Jordan et al. 2024), which here needs less than half the steps of AdamW; embeddings
    and norms by AdamW.
    """

    def __init__(self, s: Settings, tokenizer: PreTrainedTokenizerFast, out: Path):
        self.settings, self.tokenizer, self.out = s, tokenizer, out
        self.model = make_model(s, len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id)
        self.optimizers = self._fresh_optimizers()
        self.step = 0

    def _fresh_optimizers(self) -> list[torch.optim.Optimizer]:
        matrices: list[torch.nn.Parameter] = []
        others: list[torch.nn.Parameter] = []
        for name, p in self.model.named_parameters():
            (matrices if p.dim() == 2 and "embed" not in name else others).append(p)
        return [
            torch.optim.Muon(matrices, lr=0.0, momentum=0.95, weight_decay=self.settings.weight_decay),
            torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
        ]

    def _begin_phase(self) -> None:
        """A later phase begins with the weights as they would ship, and with fresh optimisers."""
        with torch.no_grad():
            for p in self.model.parameters():
                p.copy_(p.to(torch.bfloat16))
        self.optimizers = self._fresh_optimizers()

    def train_step(self) -> float:
        """One optimiser step; the mean loss over its tokens, in nats."""
        phase, step = self.settings.phase_of(self.step)
        if step == 0 and self.step > 0:
            self._begin_phase()
        rows = batch(self.tokenizer, self.settings, self.step)
        for optimizer, peak in zip(self.optimizers, (phase.matrix_rate, phase.other_rate), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * rate(phase, step)
        hidden = self.model.model(input_ids=rows[:, :-1], use_cache=False).last_hidden_state
        logits = self.model.lm_head(hidden)
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        return loss.item()

    def save_checkpoint(self) -> None:
        """Weights and optimiser states in one safetensors file; step and settings in its metadata."""
        tensors = {f"model/{name}": p.detach() for name, p in self.model.named_parameters()}
        for number, optimizer in enumerate(self.optimizers):
            for place, held in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer/{number}/{place}/{name}": value for name, value in held.items()}
        said = {"step": str(self.step), "settings": json.dumps(asdict(self.settings))}
        save_file(tensors, self.out / "checkpoint.tmp", metadata=said)
        (self.out / "checkpoint.tmp").replace(self.out / "checkpoint.safetensors")

    def resume(self) -> None:
        path = self.out / "checkpoint.safetensors"
        if not path.exists():
            return
        with safe_open(path, framework="pt") as file:
            said = file.metadata()
        if said["settings"] != json.dumps(asdict(self.settings)):
            raise SystemExit(f"{path}: made with other settings; choose another folder")
        states: list[dict[int, dict[str, torch.Tensor]]] = [{} for _ in self.optimizers]
        parameters = dict(self.model.named_parameters())
        for name, value in load_file(path).items():
            kind, _, rest = name.partition("/")
            if kind == "model":
                parameters[rest].data.copy_(value)
            else:
                number, place, what = rest.split("/")
                states[int(number)].setdefault(int(place), {})[what] = value
        for optimizer, state in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        self.step = int(said["step"])


def save_base(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the base in bf16 as transformers reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: p.detach().to(torch.bfloat16).contiguous()
        for name, p in sorted(model.state_dict().items())
        if name != "lm_head.weight"
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    config = model.config.to_diff_dict()
    config |= {"architectures": ["LlamaForCausalLM"], "dtype": "bfloat16"}
    config.pop("transformers_version", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        max_new_tokens=64,
    ).save_pretrained(folder)
    generation = json.loads((folder / "generation_config.json").read_text())
    generation.pop("transformers_version", None)
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2, sort_keys=True) + "\n")


def load_base(folder: Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The base in fp32 and its tokenizer."""
    model = LlamaForCausalLM(LlamaConfig.from_pretrained(folder)).float()
    state = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    model.load_state_dict(state, strict=False)
    model.tie_weights()
    return model, AutoTokenizer.from_pretrained(folder)


def pretrain(s: Settings, out: Path, until: int, resume: bool = True) -> dict:
    """Train up to step `until`, write the base into `out`/base, and return what is on the record."""
    torch.set_num_threads(s.threads)
    torch.use_deterministic_algorithms(True)
    out.mkdir(parents=True, exist_ok=True)
    save_tokenizer(train_tokenizer(), out / "base", CONTEXT)
    tokenizer = AutoTokenizer.from_pretrained(out / "base")
    run = Pretraining(s, tokenizer, out)
    if resume:
        run.resume()
    log = out / "loss.jsonl"
    if run.step == 0:
        log.write_text("")
    began, first = time.monotonic(), run.step
    while run.step < until:
        loss = run.train_step()
        with log.open("a") as f:
            f.write(json.dumps({"step": run.step, "loss": round(loss, 5)}) + "\n")
        if run.step in (200, until) or run.step % 100 == 0:
            speed = (run.step - first) * s.rows * s.length / (time.monotonic() - began)
            print(f"step {run.step}/{until}  loss {loss:.4f}  {speed:,.0f} tokens/s", flush=True)
        if run.step == 200:
            (out / "hash_200").write_text(weights_hash(run.model))
        if resume and run.step % 200 == 0:
            run.save_checkpoint()
    save_base(run.model, tokenizer, out / "base")
    losses = {r["step"]: r["loss"] for r in map(json.loads, log.read_text().splitlines())}
    return {
        "settings": asdict(s),
        "tokens": run.step * s.rows * s.length,
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "machine": machine_class(),
        "text_hash": text_hash(tokenizer, s),
        "hash_at_200": (out / "hash_200").read_text() if (out / "hash_200").exists() else None,
        "hash_at_end": weights_hash(run.model),
        "loss": {
            str(at): round(sum(losses[i] for i in range(at - 19, at + 1)) / 20, 4)
            for at in [*range(200, run.step, 400), run.step]
            if at >= 20
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the finished base")
    parser.add_argument("--until-step", type=int, help="stop after this step")
    parser.add_argument("--check", action="store_true", help="start anew and compare with the recorded hashes")
    args = parser.parse_args()
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    settings = Settings()
    until = min(args.until_step or settings.steps, settings.steps)
    record = pretrain(settings, args.out, until, resume=not args.check)
    if until == settings.steps:
        record["plain_scores"] = plain_scores(*load_base(args.out / "base"))
    (args.out / "pretraining.json").write_text(json.dumps(record, indent=2) + "\n")
    if args.check:
        name = "hash_at_end" if until == settings.steps else "hash_at_200"
        if not recorded.get(name):
            sys.exit(f"{RECORD}: holds no {name} to compare with")
        if recorded[name] != record[name]:
            sys.exit(f"{name} differs: recorded {recorded[name]}, here {record[name]}")
        print(f"{name} agrees: {record[name]}")


if __name__ == "__main__":
    main()
