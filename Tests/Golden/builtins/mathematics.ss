# abs

abs(-3)

# acos

acos(1)

# asin

asin(0)

# atan

atan(0)

atan(0, -1) == pi

# ceil

ceil(1.2)

# cos

cos(pi)

# exp

exp(0)

# floor

floor(-1.5)

# is_nan

is_nan(0 / 0)

nan == nan

# log

log(1)

# log10

log10(1000)

# log2

log2(8)

# round

round(2.5)

round(3.14159, 2)

# sin

sin(pi / 2)

# sqrt

sqrt(16)

# tan

tan(0)

