[abs(-2), sqrt(2), floor(-0.5), ceil(0.5), round(2.5), round(-2.5), round(3.14159, 2), log10(100), log2(8)]

[sin(0), cos(0), tan(0), asin(1) * 2 == pi, acos(1), atan(1) * 4 == pi, atan(1, -1) > 0]

[is_nan(nan), is_nan(1), inf > 1e308, -inf < 0]

sin("a")

ceil(none)

atan(1, 2, 3)

sqrt(-1)
