"""Child process of `latex.py`: compares LaTeX answers with math-verify, one JSON line in, one JSON line out.

Run by path, so it imports nothing of this package. Each question has a limit of processor time, which the kernel keeps:
it ends the process. A busy machine therefore takes longer and gives the same verdicts.
"""

import json
import math
import resource
import sys
import time


def main() -> None:
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not be taken for an answer
    try:
        from math_verify import parse, verify
    except ImportError as error:
        answers.write(json.dumps(f"math-verify cannot be imported: {error}") + "\n")
        return
    answers.write('"ready"\n')
    answers.flush()
    for line in sys.stdin:
        gold_text, text, seconds = json.loads(line)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), hard))
        try:
            gold = parse(f"${gold_text}$", parsing_timeout=None, raise_on_error=True)
            gold = gold or parse(gold_text, parsing_timeout=None, raise_on_error=True)
            said = parse(text, parsing_timeout=None, raise_on_error=True)
            if not gold:
                reply: dict[str, object] = {"error": "math-verify cannot read the ground truth"}
            else:
                equal = bool(said) and verify(gold, said, timeout_seconds=None, raise_on_error=True)
                reply = {"equal": equal, "said": str(said[0])[:80] if said else None}
        except Exception as error:  # whatever sympy raises on a strange formula is told to the parent
            reply = {"error": f"math-verify failed: {type(error).__name__}: {str(error)[:200]}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
