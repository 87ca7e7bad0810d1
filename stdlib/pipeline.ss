## A raw head image as the network of the tutorial wants it: bias corrected, on the grid, zero mean and unit variance.
##
## `n4` runs with shrink 3 and [20, 10, 10, 5] iterations inside its Otsu mask; the grid is `shape` voxels of `spacing` mm
## about the centre of the field of view, its axes right, anterior, superior whatever the file's were.
fn preprocess(image, shape=[96, 128, 160], spacing=2, bias=true) {
    flat = if bias { n4(image, shrink=3, iterations=[20, 10, 10, 5]) } else { image }
    flat |> resample(shape=shape, spacing=spacing) |> rescale() |> normalize()
}

## The image with everything outside the mask set to 0. With a mask of the brain this takes off the skull.
fn strip(image, mask) {
    assert(kind(mask) == "mask", "strip: `mask` must be a mask, got a {kind(mask)}; a volume becomes one by a comparison, as in v > 0")
    image * mask
}

## Mean of `f` over a list.
fn average(xs, f=x -> x) {
    assert(length(xs) > 0, "average: the list is empty")
    total = 0
    for x in xs { total = total + f(x) }
    total / length(xs)
}
