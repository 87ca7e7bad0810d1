## Two 3×3×3 convolutions, each followed by batch normalisation and ReLU; the second works on the first's output.
fn conv_block(x, filters, norm=true) {
    for turn in 0:2 {
        x = conv3d(x, filters)
        if norm { x = batchnorm(x) }
        x = relu(x)
    }
    x
}

## A 3-D U-Net (Çiçek 2016) for brain masks, as a graph that `fit` trains and `predict` runs.
##
## Going down, each of `depth` levels is a block of two convolutions, then halves the tensor and doubles the filters; the bottom is
## two blocks at 2^depth times the filters; going up, a transposed convolution doubles the tensor, the level's own features are
## joined to it, and a block follows. The output is a probability for each voxel.
## Tensors must be divisible by 2^depth along every axis while training; `predict` pads by itself.
fn unet3d(filters=16, depth=4, dropout=0.05, batchnorm=true, seed=0) {
    assert(depth >= 1 and depth == floor(depth), "unet3d: depth must be a whole number from 1, got {depth}")
    # The parameter hides the builtin of its name here; conv_block, outside, still sees the builtin.
    norm = batchnorm
    rate = dropout
    image = input()
    x = image
    skips = []
    for level in 0:depth {
        x = conv_block(x, filters * 2 ^ level, norm)
        skips = skips + [x]
        x = maxpool(x) |> drop(rate)
    }
    bottom = filters * 2 ^ depth
    x = conv_block(conv_block(x, bottom, norm), bottom, norm)
    for step in 0:depth {
        level = depth - 1 - step
        n = filters * 2 ^ level
        x = upconv3d(x, n) |> relu()
        x = concat(x, skips[level]) |> drop(rate)
        x = conv_block(x, n, norm)
    }
    model(image, conv3d(x, 1, kernel=1) |> sigmoid(), seed=seed)
}

## Dropout, left out of the graph where the rate is 0.
fn drop(x, rate) = if rate > 0 { dropout(x, rate) } else { x }
