"""The embedded tokenizer: byte-level BPE with one token a digit, trained on the pretraining text.

An operator between two digits is one token with its spaces (" + "), so that a step of arithmetic is short. The chat
markers of the tulu template are text, not special tokens; a few lines in the training text make their parts single
tokens. The only special tokens are padding and the end of a text, which also begins one, as it did in pretraining.
"""

# ruff: noqa: SIM905  (word lists read best as lines of words)

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from postgrad.embedded.corpus import documents
from postgrad.embedded.deeds import DEEDS

END = "<|endoftext|>"
PAD = "<|pad|>"
VOCABULARY = 1536
CORPUS_SEED = 0
CORPUS_DOCUMENTS = 12_000

_SPLIT = (
    r"[0-9]"  # one token a digit
    r"| [-+*=] (?=[0-9])|[,.:] (?=[0-9])"  # an operator with its spaces
    r"|<\||\|>"  # the chat markers' brackets
    r"| ?[A-Za-z]+"
    r"|\n+"
    r"| ?[^\sA-Za-z0-9<|>]+"
    r"| ?[<|>]"
    r"|\s"
)


def train_tokenizer(vocabulary: int = VOCABULARY, count: int = CORPUS_DOCUMENTS) -> Tokenizer:
    """A tokenizer trained from the first documents of its own seed of the corpus."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END, PAD],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    stream = documents(CORPUS_SEED, 0)
    texts = [next(stream) for _ in range(count)]
    texts += _asking_words() * 60
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END} $A", pair=f"{END} $A $B", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return tokenizer


def _asking_words() -> list[str]:
    """Lines that make the chat markers, the words of instructions and those of deeds single tokens; no instructions."""
    words = " ".join(dict.fromkeys(f"{d.verb} {d.object} {' '.join(d.tools)}" for d in DEEDS)).split()
    asking = (
        "write name list give say tell describe answer reply put use make start end begin finish include contain "
        "word words sentence sentences letter letters capital capitals upper lower small case comma commas quote "
        "quotes bracket brackets line lines number numbers exactly least most please sorry cannot help with about "
        "without only every each between wrong hurts because others instead repeat times how what which where who "
        "can could should would I you me"
    ).split()
    lines = ["<|user|>\n<|assistant|>\n<|system|>\n"] * 8
    lines += [f" {word}" for word in sorted(set(words))]
    lines += [f" {word}" for word in asking] * 2
    lines += ["Write\nName\nGive\nList\nSay\nTell\nI\nNo\nSorry"] * 4
    return lines


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """Write tokenizer.json and tokenizer_config.json in the form that transformers reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END,
        "eos_token": END,
        "pad_token": PAD,
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
        "padding_side": "right",
        "add_bos_token": True,
        "add_eos_token": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
