import Networks
import Runtime

extension Catalog {
    /// Optimisers, schedules and losses: values that `fit` takes.
    static let optimisation: [Builtin] = [
        Builtin(
            "adam", "The Adam optimiser, for `fit`.", theme: .training,
            details: "Kingma and Ba 2015 (arXiv:1412.6980), with bias correction.",
            Param<Double>("rate", "learning rate", default: 1e-3),
            Param<Double>("beta1", "decay of the mean of gradients", default: 0.9),
            Param<Double>("beta2", "decay of the mean of squares", default: 0.999),
            Param<Double>("epsilon", "added to the root of the mean of squares", default: 1e-7),
            returns: "a record that `fit` takes as `optimizer`",
            examples: [Example("adam(1e-4).rate", "0.0001")]
        ) { _, rate, beta1, beta2, epsilon in try OptimizerChoice(.adam(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon)) },

        Builtin(
            "adamw", "Adam with decoupled weight decay, for `fit`.", theme: .training,
            details: "Loshchilov and Hutter 2019 (arXiv:1711.05101): all weights shrink by rate · decay of themselves each step.",
            Param<Double>("rate", "learning rate", default: 1e-3),
            Param<Double>("decay", "of the weights, from 0 to 1", default: 0.01),
            Param<Double>("beta1", "decay of the mean of gradients", default: 0.9),
            Param<Double>("beta2", "decay of the mean of squares", default: 0.999),
            Param<Double>("epsilon", "added to the root of the mean of squares", default: 1e-7),
            returns: "a record that `fit` takes as `optimizer`",
            examples: [Example("adamw(1e-4, decay=0.05).decay", "0.05")]
        ) { _, rate, decay, beta1, beta2, epsilon in
            try OptimizerChoice(.adamw(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: decay))
        },

        Builtin(
            "sgd", "Stochastic gradient descent with momentum, for `fit`.", theme: .training,
            details:
                "As in PyTorch: m = momentum · m + g; weights move by rate · m, or with Nesterov's momentum by rate · (g + momentum · m).",
            Param<Double>("rate", "learning rate", default: 1e-2),
            Param<Double>("momentum", "share of the past steps, at least 0 and below 1", default: 0.9),
            Param<Bool>("nesterov", "look one step ahead", default: true),
            Param<Double>("decay", "of the weights, a part of the gradient, from 0 to 1", default: 0),
            returns: "a record that `fit` takes as `optimizer`",
            examples: [Example("sgd(0.1, momentum=0.99).momentum", "0.99")]
        ) { _, rate, momentum, nesterov, decay in
            try OptimizerChoice(.sgd(rate: rate, momentum: momentum, nesterov: nesterov, decay: decay))
        },

        Builtin(
            "constant", "A learning rate that stays as it is, for `fit`.", theme: .training,
            Param<Double>("warmup", "steps, or below 1 a share of all, over which the rate rises to full", default: 0),
            returns: "a value that `fit` takes as `schedule`",
            examples: [Example("constant(warmup=100).warmup", "100")]
        ) { _, warmup in try ScheduleChoice(.constant, warmup: warmup) },

        Builtin(
            "cosine", "A learning rate that falls along half a cosine, for `fit`.", theme: .training,
            details: "Loshchilov and Hutter 2017 (arXiv:1608.03983), without restarts. With `minutes` it is stretched to the time.",
            Param<Double>("warmup", "steps, or below 1 a share of all, over which the rate rises to full", default: 0),
            Param<Double>("floor", "where it ends, as a share of the rate", default: 0),
            returns: "a value that `fit` takes as `schedule`",
            examples: [Example("cosine(warmup=100).schedule", "\"cosine\"")]
        ) { _, warmup, floor in try ScheduleChoice(.cosine(floor: floor), warmup: warmup) },

        Builtin(
            "poly", "A learning rate that falls as a power of what is left, for `fit`.", theme: .training,
            details: "rate · (1 − t / T)^power, t of T steps taken.",
            Param<Double>("power", "1 falls along a line", default: 0.9),
            Param<Double>("warmup", "steps, or below 1 a share of all, over which the rate rises to full", default: 0),
            returns: "a value that `fit` takes as `schedule`",
            examples: [Example("poly().power", "0.9")]
        ) { _, power, warmup in try ScheduleChoice(.poly(power: power), warmup: warmup) },

        Builtin(
            "onecycle", "A learning rate that rises to its full height and falls to nearly nothing, for `fit`.", theme: .training,
            details: "Smith and Topin 2018 (arXiv:1708.07120), with the numbers of PyTorch's OneCycleLR; momentum stays as it is.",
            Param<Double>("share", "of the steps in which it rises", default: 0.3),
            Param<Double>("div", "it begins with rate / div", default: 25),
            Param<Double>("end", "it ends with rate / (div · end)", default: 1e4),
            returns: "a value that `fit` takes as `schedule`",
            examples: [Example("onecycle().div", "25")]
        ) { _, share, div, end in try ScheduleChoice(.oneCycle(share: share, div: div, end: end)) },

        Builtin(
            "plateau", "A learning rate that is lowered when the loss no longer falls, for `fit`.", theme: .training,
            details: """
                Times `factor` whenever the validation loss (without `valid` the training loss) has not fallen by a ten-thousandth of itself for more than `patience` \
                epochs, as PyTorch's ReduceLROnPlateau.
                """,
            Param<Double>("factor", "above 0 and below 1", default: 0.1),
            Param<Int>("patience", "epochs", default: 10),
            Param<Double>("warmup", "steps, or below 1 a share of all, over which the rate rises to full", default: 0),
            returns: "a value that `fit` takes as `schedule`",
            examples: [Example("plateau(0.5).factor", "0.5")]
        ) { _, factor, patience, warmup in try ScheduleChoice(.plateau(factor: factor, patience: patience), warmup: warmup) },

        Builtin(
            "tversky", "The Tversky loss, for `fit`.", theme: .training,
            details: """
                Salehi 2017 (arXiv:1706.05721): 1 − (Σpt + ½) / (Σpt + alpha Σp(1 − t) + beta Σ(1 − p)t + ½) of each sample and channel. alpha = beta = 0.5 is the \
                Dice loss; a greater beta finds more of small structures.
                """,
            Param<Double>("alpha", "weight of what is found and should not be", default: 0.3),
            Param<Double>("beta", "weight of what is missed", default: 0.7),
            returns: "a value that `fit` takes as `loss`",
            examples: [Example("tversky(alpha=0.3, beta=0.7).beta", "0.7")]
        ) { _, alpha, beta in try LossChoice(.tversky(alpha: alpha, beta: beta)) },

        Builtin(
            "focal", "The focal loss, for `fit`.", theme: .training,
            details: """
                Lin 2017 (arXiv:1708.02002): cross-entropy in which voxels that are right already count less, by (1 − p)^gamma. `classes` takes the channels as classes \
                that exclude each other, for networks that end with `softmax`.
                """,
            Param<Double>("gamma", "0 is plain cross-entropy", default: 2),
            Param<Double?>("alpha", "weight of the target, 1 − alpha that of the rest; none weighs both by 1", default: nil),
            Param<Bool>("classes", "channels exclude each other", default: false),
            returns: "a value that `fit` takes as `loss`",
            examples: [Example("focal(gamma=2).gamma", "2")]
        ) { context, gamma, alpha, classes in
            if classes, alpha != nil { throw context.reject("alpha", expected: "none for classes", found: "a number") }
            return try LossChoice(classes ? Loss(voxels: .classes(gamma: gamma)) : .focal(gamma: gamma, alpha: alpha))
        },
    ]
}
