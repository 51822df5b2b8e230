"""Random answer pairs with the verdict of math-verify 0.9.0.

    python make_math_verify_extra.py SEED ROWS_PER_KIND > math_verify_extra.jsonl

Each row: prediction, gold, equal (verify(parse(gold), parse(prediction)), library defaults) and kind.
"""

import json
import logging
import random
import sys

from math_verify import parse, verify

logging.disable(logging.CRITICAL)

WRAPPERS = [
    "{}", "${}$", "\\boxed{{{}}}", "\\boxed{{{}}}", "${}$", "\\[ \\boxed{{{}}} \\]",
    "The answer is ${}$.", "Therefore, the final answer is $\\boxed{{{}}}$.",
    "<think>some working</think> \\boxed{{{}}}",
]
GOLD_WRAPPERS = ["\\boxed{{{}}}", "${}$", "{}"]


def integer(r):
    n = r.randint(-999, 999)
    forms = [str(n), f"{n}.0", f"= {n}", f"**{n}**", f"+{n}" if n >= 0 else str(n), f"{n:04d}", f"{n}."]
    texts = [f"So we get \\boxed{{{n}}}.", f"Final answer: ${n}$", f"It is {n}.", f"$\\boxed{{{n}}}$", f"The answer is {n}"]
    return forms, [str(n)], texts, str(n + r.choice([1, -1, 10, -2 * n or 3]))


def fraction(r):
    a, b, k = r.randint(1, 60), r.randint(2, 20), r.randint(1, 6)
    s = r.choice(["", "-"])
    a2, b2 = a * k, b * k
    forms = [f"{s}\\dfrac{{{a2}}}{{{b2}}}", f"{s}\\frac{{{a2}}}{{{b2}}}", f"{s}\\tfrac{{{a2}}}{{{b2}}}",
             f"{s}{{{a2} \\over {b2}}}", f"{s}{a2}/{b2}", f"\\frac{{{s}{a2}}}{{{b2}}}", f"\\frac{a2}{b2}" if s == "" else f"-\\frac{a2}{b2}"]
    t = "-" if s == "" else ""
    return forms, [f"{s}\\frac{{{a}}}{{{b}}}", f"{s}{a}/{b}"], [], r.choice([f"{t}\\frac{{{a}}}{{{b}}}", f"\\frac{{{a + 1}}}{{{b}}}"])


def decimal_fraction(r):
    b = r.choice([2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 25])
    a = r.randint(1, 60)
    v = a / b
    forms = [f"{v:.{d}f}" for d in (1, 2, 3, 4, 6)] + [repr(v)]
    return forms, [f"\\frac{{{a}}}{{{b}}}", f"\\dfrac{{{a}}}{{{b}}}", f"{a}/{b}"], [], f"{v + 0.1:.3f}"


def choice(r):
    c = r.choice("ABCDE")
    o = r.choice([x for x in "ABCDE" if x != c])
    forms = [c, f"({c})", f"\\text{{{c}}}", f"{c}.", f"\\textbf{{{c}}}", f"\\mathrm{{{c}}}", c.lower(), f"{c}) left", f"\\text{{({c})}}"]
    texts = [f"The answer is {c}", f"option {c}", f"Answer: {c}", f"The answer is ({c}).", f"<answer>{c}</answer>",
             f"The correct option is \\textbf{{({c})}}", f"({c})", f"{c}."]
    return forms, [c, f"({c})"], texts, r.choice([o, f"({o})"])


def complex_(r):
    a, b = r.randint(1, 9), r.randint(1, 9)
    forms = [f"{a}+{b}i", f"{b}i+{a}", f"{a} + {b}i", f"{a}+{b} i"]
    return forms + [f"{a}-{b}i"], [f"{a}+{b}i"], ["$i^2$", "$(1+i)^2$", "\\boxed{\\frac{1}{i}}"], f"{a}+{b + 1}i"


def degree(r):
    n = r.randint(1, 180)
    forms = [f"{n}^\\circ", f"{n}^{{\\circ}}", f"{n}°", f"{n}\\text{{ degrees}}", f"{n} degrees", f"{n}", f"\\angle A = {n}^\\circ"]
    return forms, [f"{n}^\\circ", f"{n}°", f"{n}"], [], f"{n + 1}^\\circ"


def equation(r):
    v = r.choice("xyzkm")
    n, a, b = r.randint(-20, 30), r.randint(2, 9), r.randint(1, 20)
    if r.random() < 0.5:
        forms = [f"{v}={n}", f"{v} = {n}", f"{n}={v}", f"{n}", f"{a}{v}={a * n}", f"x={n}"]
        return forms, [f"{v}={n}", f"{n}"], [f"The value is ${v}={n}$."], f"{v}={n + 1}"
    if r.random() < 0.3:
        forms = [f"x={n}, y={b}", f"x_1={n},x_2={b}", f"{n},{b}", f"x={n} \\text{{ or }} x={b}", f"x={n},y={b}"]
        return forms, [f"{n},{b}", f"x={n},x={b}", f"x={n},y={b}"], [], f"{n},{b + 1}"
    forms = [f"y={a}x+{b}", f"y = {b} + {a}x", f"{a}x+{b}", f"y-{b}={a}x", f"{a}x-y+{b}=0", f"\\pm {b}", f"{b},-{b}"]
    return forms, [f"y={a}x+{b}", f"y = {a}x + {b}"], [], f"y={a}x+{b + 1}"


def interval(r):
    a = r.randint(-9, 5)
    b = a + r.randint(1, 12)
    if r.random() < 0.6:
        forms = [f"({a},{b})", f"[{a},{b}]", f"({a}, {b})", f"\\left({a},{b}\\right)", f"({a},{b}]", f"[{a},{b})", f"{a}<x<{b}", f"{a} \\le x \\le {b}"]
        return forms, r.choice([[f"({a},{b})", f"{a}<x<{b}"], [f"[{a},{b}]", f"[{a}, {b}]"], [f"{a} \\le x \\le {b}"]]), [], f"({a},{b + 1})"
    forms = [f"(-\\infty,{a})\\cup({b},\\infty)", f"(-\\infty, {a}) \\cup ({b}, +\\infty)", f"x \\geq {a}", f"x > {a}", f"[{a},\\infty)", f"({a}, \\infty)", f"(-\\infty, {a}]", f"x \\le {a}", f"{a} \\le x"]
    return forms, [r.choice(forms)], [], f"x > {a + 1}"


def malformed(r):
    n = r.randint(1, 99)
    texts = [f"\\[ \\boxed{{\\{n}}} \\]", f"\\boxed{{{{{n}}}}}", f"\\boxed{{{n}", f"\\boxed {n}", f"\\boxed{{{n}}}}}", "\\boxed{}", "",
             f"\\({n}\\)", f"\\boxed{{\\boxed{{{n}}}}}", f"\\boxed{{\\fbox{{{n}}}}}", f"$\\fbox{{{n}}}$", f"${n}", f"${n}\\\\$", f"$\\text{{{n}$",
             f"\\boxed{{\\mathbf{{{n}}}}}", f"\\boxed{{\\color{{red}}{{{n}}}}}", f"\\boxed{{{n - 1}}}. Wait, \\boxed{{{n}}}", f"\\boxed{{{n}}}\\boxed{{{n}}}",
             f"Therefore, the final answer is $\\boxed{{{n}$.", f"\\boxed{{\\frac{{{n}}}{{7}}}}}}", f"$\\sqrt{{{n}$", f"$$ {n} $$", f"\\[{n}\\]"]
    return [], [str(n)], texts, str(n + 1)


def matrix(r):
    m = [r.randint(-9, 9) for _ in range(4)]
    def show(e, m):
        return f"\\begin{{{e}}} {m[0]} & {m[1]} \\\\ {m[2]} & {m[3]} \\end{{{e}}}"
    near = m[:3] + [m[3] + 1]
    forms = [show("pmatrix", m), show("bmatrix", m), f"\\begin{{pmatrix}}{m[0]}&{m[1]}\\\\{m[2]}&{m[3]}\\end{{pmatrix}}"]
    if r.random() < 0.3:
        v = f"\\begin{{pmatrix}} {m[0]} \\\\ {m[1]} \\\\ {m[2]} \\end{{pmatrix}}"
        return [v, f"\\begin{{bmatrix}} {m[0]} \\\\ {m[1]} \\\\ {m[2]} \\end{{bmatrix}}"], [v], [], f"\\begin{{pmatrix}} {m[0]} \\\\ {m[1]} \\\\ {m[2] + 1} \\end{{pmatrix}}"
    return forms, [show("pmatrix", m), show("bmatrix", m)], [], show("pmatrix", near)


def mixed_number(r):
    w, b = r.randint(1, 9), r.randint(2, 9)
    a = r.randint(1, b - 1)
    v = w + a / b
    forms = [f"{w}\\frac{{{a}}}{{{b}}}", f"{w} \\frac{{{a}}}{{{b}}}", f"{w} {a}/{b}", f"-{w}\\frac{{{a}}}{{{b}}}", f"{w}\\dfrac{{{a}}}{{{b}}}"]
    return forms, [f"\\frac{{{w * b + a}}}{{{b}}}", f"{v:.4f}"], [], f"\\frac{{{w * a}}}{{{b}}}"


def percent(r):
    n = r.choice([5, 20, 25, 40, 50, 60, 100, 150, 12.5, 37.5])
    forms = [f"{n}\\%", f"{n}%", f"{n} percent", f"{n}", f"{n / 100}", f"{n}\\text{{ percent}}", f"{n} \\%"]
    return forms, [f"{n}\\%", f"{n}", f"{n / 100}", f"{n}%"], [f"{n} percent", f"It is {n}%."], f"{n + 1}\\%"


def pi(r):
    n, d = r.randint(1, 12), r.randint(2, 8)
    v = n * 3.141592653589793
    if r.random() < 0.5:
        forms = [f"{n}\\pi", f"{n}π", f"{n}*pi", f"{v:.2f}", f"{v:.4f}", f"\\pi {n}", f"{n} \\pi", f"{n}\\cdot\\pi"]
        return forms, [f"{n}\\pi"], [], f"{n + 1}\\pi"
    forms = [f"\\frac{{{n}\\pi}}{{{d}}}", f"\\frac{{{n}}}{{{d}}}\\pi", f"\\dfrac{{{n}\\pi}}{{{d}}}", f"{n}\\pi/{d}", f"{n}\\pi + {d}", f"{v / d:.6f}"]
    return forms, [f"\\frac{{{n}}}{{{d}}}\\pi", f"{d}+{n}\\pi"], [], f"\\frac{{{n}\\pi}}{{{d + 1}}}"


def ratio_time(r):
    a, b, k = r.randint(1, 12), r.randint(2, 59), r.randint(1, 4)
    forms = [f"{a}:{b}", f"{a * k}:{b * k}", f"{a} : {b}", f"{a} to {b}", f"{a}:{b} p.m.", f"{a}/{b}"]
    return forms, [f"{a}:{b}"], [], f"{a}:{b + 1}"


def reasoning(r):
    a, b = r.randint(2, 60), r.randint(2, 60)
    c = a + b
    texts = [f"Since $AB={a}$ and $BC={b}$, the sum is $\\boxed{{{c}}}$.", f"Let x={a}, y={b}. Thus x+y=\\boxed{{{c}}} and we are done.",
             f"There are {a} red and {b} blue balls, so there are {c} balls in total.", f"{a} and {b} give us the final answer: {c}",
             f"<think>First {a} then {b}.</think><answer>{c}</answer>", f"We have {a} + {b} = {c}", f"We add ${a}$ and ${b}$ to get ${c}$.",
             f"Final answer: {c} apples", f"The final answer is {c}. I hope it is correct.", f"so $x = {c}$, therefore the answer is {c}"]
    return [], [str(c)], texts, r.choice([str(b), str(a), str(c + 1)])


def rounding(r):
    v = round(r.uniform(1, 100), r.choice([1, 2, 3]))
    forms = [f"{v}", f"{v}0000001"[:12], f"{v + 1e-7:.7f}", f"{v + 1e-6:.6f}", f"{v + 1e-3:.3f}", f"{v + 5e-7:.7f}", f"{v + 1e-5:.5f}"]
    return forms, [f"{v}"], [], f"{v + 0.01:.3f}"


def scientific(r):
    m, e = r.randint(10, 99) / 10, r.randint(-7, 8)
    plain = f"{m * 10 ** e:.10f}".rstrip("0").rstrip(".")
    forms = [f"{m} \\times 10^{{{e}}}", f"{m} \\cdot 10^{{{e}}}", f"{m}\\times10^{e}" if 0 <= e < 10 else f"{m}\\times10^{{{e}}}", f"{m}*10^{e}", f"{m}e{e}", plain]
    return forms, [plain, f"{m} \\times 10^{{{e}}}"], [], f"{m + 0.1:.1f} \\times 10^{{{e}}}"


def set_tuple(r):
    v = [r.randint(-12, 15) for _ in range(r.choice([2, 2, 3, 4]))]
    w = v[:]
    r.shuffle(w)
    j, jw = ", ".join(map(str, v)), ",".join(map(str, w))
    forms = [f"({j})", f"({jw})", f"\\left({j}\\right)", j, jw, f"\\{{{j}\\}}", f"\\{{{jw}\\}}", f"[{j}]"]
    near = ", ".join(map(str, v[:-1] + [v[-1] + 1]))
    return forms, [r.choice([f"({j})", j, f"\\{{{jw}\\}}"])], [], r.choice([f"({near})", near])


def surd(r):
    a, n, k = r.randint(2, 9), r.choice([2, 3, 5, 6, 7, 10, 11]), r.randint(2, 6)
    kind = r.randint(0, 4)
    if kind == 0:
        return [f"{k}\\sqrt{{{n}}}", f"\\sqrt{{{k * k * n}}}", f"{k}\\cdot\\sqrt{{{n}}}", f"\\sqrt{{{n}}}\\cdot {k}"], [f"\\sqrt{{{k * k * n}}}"], [], f"{k + 1}\\sqrt{{{n}}}"
    if kind == 1:
        return [f"{a}+\\sqrt{{{n}}}", f"\\sqrt{{{n}}}+{a}", f"\\sqrt{n}" + f"+{a}"], [f"\\sqrt{{{n}}}+{a}"], [], f"{a}-\\sqrt{{{n}}}"
    if kind == 2:
        return [f"\\frac{{1}}{{\\sqrt{{{n}}}}}", f"\\frac{{\\sqrt{{{n}}}}}{{{n}}}", f"{n ** -0.5:.4f}", f"{n ** -0.5:.6f}"], [f"\\frac{{\\sqrt{{{n}}}}}{{{n}}}"], [], f"\\frac{{\\sqrt{{{n}}}}}{{{n + 1}}}"
    if kind == 3:
        return [f"\\frac{{{a}+\\sqrt{{{n}}}}}{{2}}", f"\\frac{{{a}}}{{2}}+\\frac{{\\sqrt{{{n}}}}}{{2}}"], [f"\\frac{{{a}+\\sqrt{{{n}}}}}{{2}}"], [], f"\\frac{{{a}-\\sqrt{{{n}}}}}{{2}}"
    return [f"(\\sqrt{{{n}}}-1)(\\sqrt{{{n}}}+1)", f"{n - 1}", f"\\sqrt[3]{{{(n - 1) ** 3}}}"], [f"{n - 1}"], [f"$2^{{{2 * k}/2}}$", f"\\boxed{{\\sqrt{{{2 ** (2 * k)}}}}}"], f"{n}"


def text(r):
    w = r.choice(["isosceles", "parallel", "left", "red", "triangle", "increasing", "above", "True", "no", "Monday"])
    o = r.choice(["right", "blue", "below", "False"])
    forms = [w, f"\\text{{{w}}}", f"\\textbf{{{w}}}", w.upper(), f"\\text{{{w.upper()}}}", f"\\mathrm{{{w}}}", f"\\text{{{w} one}}"]
    return forms, [w, f"\\text{{{w}}}", f"\\text{{{w.upper()}}}"], [f"**{w}**", f"The answer is {w}."], r.choice([o, f"\\text{{{o}}}"])


def thousands(r):
    n = r.randint(1000, 9999999)
    c = f"{n:,}"
    forms = [c, c.replace(",", ",\\!"), c.replace(",", "{,}"), c.replace(",", "\\,"), c.replace(",", " "), str(n), f"{c}.50", f"\\${c}"]
    return forms, [str(n), c], [f"It costs {c} in all."], f"{n + 1:,}"


def unit(r):
    n = r.randint(2, 400)
    u = r.choice(["cm", "m", "km", "kg", "mph", "units", "square units", "dollars", "apples", "m^2", "m^3", "hours", "feet", "inches", "seconds"])
    forms = [f"{n}\\text{{ {u}}}", f"{n} {u}", f"{n}\\,\\text{{{u}}}", f"{n}\\ {u}", f"{n}\\text{{ {u}}}^2", f"{n}", f"{n}{u}", f"{n} \\mathrm{{{u}}}"]
    return forms, [str(n), f"{n}\\text{{ {u}}}", f"{n} {u}"], [f"${n}$ {u}"], f"{n * 10}\\text{{ {u}}}"


def algebra(r):
    a, b, n = r.randint(2, 9), r.randint(2, 9), r.randint(1, 4)
    e = 2 ** n
    pool = [([f"{a}^{{2}}", f"{a}^2", f"{a * a}", f"{a}\\cdot {a}", f"{a} \\times {a}"], [f"{a * a}"], f"{a * a + 1}"),
            ([f"\\log_{{2}}{{{e}}}", f"\\log_2 {e}", f"\\log_2({e})"], [f"{n}"], f"{n + 1}"),
            ([f"|-{a}|", f"\\left|-{a}\\right|", f"{a}"], [f"{a}"], f"-{a}"),
            ([f"{a}x^2+{b}x", f"x({a}x+{b})", f"{b}x+{a}x^2", f"{a}x^{{2}} + {b}x"], [f"x({a}x+{b})", f"{a}x^2+{b}x"], f"{a}x^2+{b + 1}x"),
            ([f"\\binom{{{a + 2}}}{{2}}", f"{(a + 2) * (a + 1) // 2}", f"{{{a + 2} \\choose 2}}"], [f"{(a + 2) * (a + 1) // 2}"], f"{a}"),
            ([f"{n}!", f"{a}+{b}", f"{a + b}"], [f"{a + b}"], f"{a - b}"),
            ([f"(x+{a})(x+{b})", f"x^2+{a + b}x+{a * b}"], [f"x^2+{a + b}x+{a * b}"], f"x^2+{a + b}x+{a * b + 1}"),
            ([f"\\sin(30^\\circ)", "\\cos(0)", "\\sin(\\pi/2)", "e^0", "\\ln(e)", "\\tan(\\frac{\\pi}{4})"], ["1", "\\frac{1}{2}"], "2"),
            ([f"\\frac{{x^2-{a * a}}}{{x-{a}}}", f"x+{a}"], [f"x+{a}"], f"x-{a}"),
            ([f"\\lfloor {a}.7 \\rfloor", f"\\lceil {a - 1}.2 \\rceil", f"{a}"], [f"{a}"], f"{a + 1}"),
            ([f"2^{{{n}}}", f"2^{{-{n}}}", f"\\frac{{1}}{{{e}}}", f"{e}"], [f"{e}", f"\\frac{{1}}{{{e}}}"], f"{e + 1}")]
    forms, golds, near = r.choice(pool)
    return forms, golds, [], near


def currency(r):
    n = r.randint(1, 99)
    forms = [f"\\${n}", f"{n} dollars", f"€{n}", f"${n}", f"{n}", f"\\text{{\\${n}}}", f"\\${n}.00", f"£{n}"]
    return forms, [f"{n}", f"\\${n}"], [f"${n}", f"It costs ${n}.", f"\\${n}"], f"\\${n + 1}"


KINDS = {"integer": integer, "fraction": fraction, "decimal_fraction": decimal_fraction, "choice": choice, "complex": complex_,
         "degree": degree, "equation": equation, "interval": interval, "malformed": malformed, "matrix": matrix,
         "mixed_number": mixed_number, "percent": percent, "pi": pi, "ratio_time": ratio_time, "reasoning": reasoning,
         "rounding": rounding, "scientific": scientific, "set_tuple": set_tuple, "surd": surd, "text": text,
         "thousands": thousands, "unit": unit, "algebra": algebra, "currency": currency}


def row(r, kind):
    forms, golds, texts, near = KINDS[kind](r)
    gold = r.choice(GOLD_WRAPPERS).format(r.choice(golds))
    if texts and (not forms or r.random() < 0.25):
        prediction = r.choice(texts)
        if not forms and r.random() < 0.3:
            gold = r.choice(GOLD_WRAPPERS).format(near)
    else:
        form = near if r.random() < 0.25 else r.choice(forms)
        prediction = r.choice(WRAPPERS).format(form)
    return prediction, gold


def main():
    seed, per_kind = int(sys.argv[1]), int(sys.argv[2])
    for kind in KINDS:
        r = random.Random(f"{seed}-{kind}")
        seen = set()
        for _ in range(per_kind):
            prediction, gold = row(r, kind)
            if (prediction, gold) in seen:
                continue
            seen.add((prediction, gold))
            equal = verify(parse(gold), parse(prediction))
            print(json.dumps({"prediction": prediction, "gold": gold, "equal": bool(equal), "kind": kind}, ensure_ascii=False), flush=True)


main()
