import Support

/// Asks for Ctrl-C every few thousand times that it is asked itself, so that work on a very long text can be left anywhere.
struct StopPoll {
    private var turns = 0
    private var stopped = false

    /// Stays true once Ctrl-C was pressed.
    mutating func isStopped() -> Bool {
        turns &+= 1
        if turns & 4095 == 0 { stopped = Interrupt.isRaised }
        return stopped
    }
}
