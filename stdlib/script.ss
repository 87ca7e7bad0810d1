## The value that follows `--name` in a script's arguments, or `default` where it is not given; a number where the default is one.
fn option(args, name, default=none) {
    for i in 0:length(args) {
        if args[i] == "--" + name {
            assert(i + 1 < length(args), "--{name} needs a value")
            return if kind(default) == "number" { number(args[i + 1]) } else { args[i + 1] }
        }
    }
    default
}

## Whether `--name` stands among a script's arguments.
fn flag(args, name) {
    for word in args { if word == "--" + name { return true } }
    false
}
