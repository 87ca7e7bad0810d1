# clock

t = clock()
clock() >= t

# env

kind(env("PATH"))

env("NO_SUCH_VARIABLE", "none such")

# kind

kind(3)

kind([])

# now

now().year >= 2024

# options

options(["in.nii", "--epochs", "3"], {epochs: 60, out: "out"})

# peak_memory

peak_memory() > 0

# print

print("dice", 0.5)

print([{id: "a", dice: 0.93}, {id: "bb", dice: 0.9}])

# threads

threads() >= 1

