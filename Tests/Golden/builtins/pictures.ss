# overlay

head = phantom(seed=1, shape=32, spacing=6)
save(overlay(head.image, head.mask), "qc.png")
exists("qc.png")

# plot

show(plot({dice: [0.91, 0.95, 0.93]}, at=[0.2, 0.35, 0.5], x="threshold"))

kind(plot({loss: [0.9, 0.5, 0.3], dice: [0.1, 0.5, 0.7]}))

show(plot(histogram(phantom(seed=1, shape=16, spacing=12).image, bins=20)))

# sheet

heads = [phantom(seed=s, shape=24, spacing=8) for s in 1:5]
show(sheet([overlay(h.image, h.mask, width=400) for h in heads], columns=2, title="four heads"))

# show

show(plot([1, 4, 9], title="squares"))

# slices

kind(slices(phantom(seed=1, shape=32, spacing=6).image, count=6))

