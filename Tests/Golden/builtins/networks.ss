# add

x = conv3d(input(), 4)
add(x, conv3d(relu(x), 4))

# avgpool

avgpool(input())

# batchnorm

batchnorm(conv3d(input(), 4))

# concat

x = input(channels=2)
concat(x, relu(x))

# conv3d

conv3d(input(), 16)

conv3d(conv3d(input(), 16), 16, groups=16)

# dropout

dropout(input(), 0.05)

dropout(conv3d(input(), 8), 0.2, channels=true)

# elu

elu(input())

# gelu

gelu(input())

# globalpool

globalpool(conv3d(input(), 8))

# groupnorm

groupnorm(conv3d(input(), 16), 4)

# input

input() |> conv3d(8) |> relu()

# instancenorm

instancenorm(conv3d(input(), 4))

# layernorm

layernorm(conv3d(input(), 4))

# leakyrelu

leakyrelu(input())

# load_weights

a = unet3d(filters=2, depth=1)
save(a, "weights.safetensors")
b = unet3d(filters=2, depth=1, seed=7)
load_weights(b, "weights.safetensors") == length(weights(b))

# maxpool

maxpool(input())

maxpool(input(), size=3, stride=2)

# model

x = input()
model(x, sigmoid(conv3d(x, 1))).parameters

# multiply

x = conv3d(input(), 4)
multiply(x, sigmoid(conv3d(x, 1)))

x = conv3d(input(), 4)
multiply(x, sigmoid(globalpool(x)))

# relu

relu(input())

# sigmoid

sigmoid(input())

# silu

silu(input())

# softmax

softmax(conv3d(input(), 3, kernel=1))

# summary

summary(unet3d(filters=4, depth=2), shape=[16, 16, 16])

# trace

trace(unet3d(filters=2, depth=1), phantom(seed=1, shape=8, spacing=20).image)

# upconv3d

upconv3d(input(channels=4), 2)

# upsample

input() |> maxpool() |> upsample(method="trilinear")

# weights

x = input()
weights(model(x, conv3d(x, 1, kernel=1)))[0]

