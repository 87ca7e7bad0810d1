"""Makes images of IEEE binary128 numbers and the float32 nearest to each, worked out with whole numbers of any size. Needs nothing but Python.

    python make_quadruple.py

nibabel reads such files only where the processor's long double is binary128, which x86 has not. files-wide/*.nii are of one voxel a number; wide.json has the float32
bits of each (of complex numbers real and imaginary parts).
"""
import json, os, random, struct
from fractions import Fraction

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "files-wide")
os.makedirs(folder, exist_ok=True)


def number(bits):
    """The value of 128 bits; None for NaN, a string for infinities and -0."""
    sign, exponent, fraction = bits >> 127, bits >> 112 & 0x7FFF, bits & (1 << 112) - 1
    if exponent == 0x7FFF:
        return None if fraction else "-inf" if sign else "inf"
    if exponent == 0 and fraction == 0:
        return "-0" if sign else Fraction(0)
    whole = fraction + (1 << 112 if exponent else 0)
    return (-1) ** sign * Fraction(whole) * Fraction(2) ** (max(exponent, 1) - 16383 - 112)


def float32(bits):
    """The bits of the nearest float32, half to even."""
    x = number(bits)
    if x is None:
        return 0x7FC00000
    if isinstance(x, str):
        return {"-inf": 0xFF800000, "inf": 0x7F800000, "-0": 0x80000000}[x]
    sign, x = (0x80000000 if x < 0 else 0), abs(x)
    if x == 0:
        return sign
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    if x < Fraction(2) ** exponent:
        exponent -= 1
    exponent = max(exponent, -126)
    ulps = x / Fraction(2) ** (exponent - 23)
    whole, rest = divmod(ulps.numerator, ulps.denominator)
    half = Fraction(rest, ulps.denominator) - Fraction(1, 2)
    if half > 0 or half == 0 and whole & 1:
        whole += 1
    # Carries run on into the exponent, and from the largest number into infinity.
    return sign | min(((exponent + 126) << 23) + whole, 0x7F800000)


def wide(sign, exponent, fraction):
    return sign << 127 | (exponent + 16383) << 112 | fraction


top, last = 1 << 112, 1
cases = []
for sign in (0, 1):
    cases += [
        sign << 127, sign << 127 | 1, sign << 127 | (1 << 112) - 1,  # 0, the least and the largest subnormal
        wide(sign, 16384, 0), wide(sign, 16383, top - 1), wide(sign, -16382, 0),  # infinity, the largest and the least normal number
        wide(sign, 0, 0), wide(sign, 1, top >> 1),
        wide(sign, 24, top >> 24), wide(sign, 24, (top >> 24) + last), wide(sign, 24, (top >> 24) - last),  # at a tie of float32, and beside it
        wide(sign, 24, 3 * (top >> 24)), wide(sign, 24, 3 * (top >> 24) - last),
        wide(sign, 0, (top >> 24) + (1 << 59)), wide(sign, 0, (top >> 24) + 1),  # beside it by less than double tells
        wide(sign, -149, 0), wide(sign, -150, 0), wide(sign, -150, last), wide(sign, -151, top - 1), wide(sign, -127, top - 1), wide(sign, -126, 0),
        wide(sign, 127, top - (top >> 23)), wide(sign, 127, top - (top >> 24)), wide(sign, 127, top - (top >> 24) - last), wide(sign, 128, 0),
        wide(sign, 1023, top - 1), wide(sign, 1024, 0), wide(sign, -1022, 0), wide(sign, -1074, 5), wide(sign, 5000, 77), wide(sign, -5000, 77),
    ]
cases += [0x7FFF << 112 | 1, 0x7FFF << 112 | 1 << 111, 0xFFFF << 112 | (1 << 112) - 1, 0x7FFF << 112 | 1 << 70]
random.seed(7)
while len(cases) < 314:
    cases.append(wide(random.getrandbits(1), random.randint(-155, 130), random.getrandbits(112)))


def save(name, code, bits, values, order):
    header = bytearray(348)
    struct.pack_into(order + "i", header, 0, 348)
    struct.pack_into(order + "8h", header, 40, 3, len(values) // (bits // 128), 1, 1, 1, 1, 1, 1)
    struct.pack_into(order + "2h", header, 70, code, bits)
    struct.pack_into(order + "8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into(order + "3f", header, 108, 352, 1, 0)
    struct.pack_into(order + "2h", header, 252, 0, 1)
    struct.pack_into(order + "12f", header, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    header[344:348] = b"n+1\0"
    body = b"".join(v.to_bytes(16, "little" if order == "<" else "big") for v in values)
    open(os.path.join(folder, name), "wb").write(bytes(header) + bytes(4) + body)


for name, order in [("", "<"), ("-big", ">")]:
    save(f"float128{name}.nii", 1536, 128, cases, order)
    save(f"complex256{name}.nii", 2048, 256, cases, order)
json.dump([float32(v) for v in cases], open(os.path.join(here, "wide.json"), "w"), separators=(",", ":"))
