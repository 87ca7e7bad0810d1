help(twice)

source(twice)

## Half of a number,
## and nothing more.
fn half(x, by=2) = x / by
help("half")

source(half)

help(assert)

help(3)

help({a: 1, b: 2})

help("resamples")

help("numbr that nobody knows")

source(print)

source(3)
