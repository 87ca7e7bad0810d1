import Glibc

/// Runs work on a thread whose stack carries ten thousand nested calls of a script.
enum BigStack {
    static let size = 512 << 20
    /// Left for the builtins and cores below the deepest call.
    static let reserve = 8 << 20

    /// On threads that were made here, the lowest address that calls may reach.
    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        return pthread_key_create(&key, nil) == 0 ? key : nil
    }()

    private final class Job {
        let body: (UInt) -> Void
        init(_ body: @escaping (UInt) -> Void) { self.body = body }
    }

    /// `body` gets the lowest address that its calls may reach. Within such a thread it runs where it is. Without a thread (an exhausted machine) it runs here,
    /// with little room.
    static func run<T>(_ body: (UInt) throws -> T) throws -> T {
        if let key, let floor = pthread_getspecific(key) { return try body(UInt(bitPattern: floor)) }
        var result: Result<T, any Error>?
        withoutActuallyEscaping(body) { body in
            let job = Job { floor in result = Result { try body(floor) } }
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            var thread = pthread_t()
            let status = pthread_attr_setstacksize(&attributes, size)
            let opaque = Unmanaged.passRetained(job).toOpaque()
            let started =
                status == 0
                && pthread_create(
                    &thread, &attributes,
                    { opaque in
                        guard let opaque else { return nil }
                        let job = Unmanaged<Job>.fromOpaque(opaque).takeRetainedValue()
                        var marker: UInt8 = 0
                        let top = withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) }
                        let floor = top - UInt(BigStack.size - BigStack.reserve)
                        if let key = BigStack.key { pthread_setspecific(key, UnsafeRawPointer(bitPattern: floor)) }
                        job.body(floor)
                        return nil
                    }, opaque) == 0
            if started {
                pthread_join(thread, nil)
            } else {
                Unmanaged<Job>.fromOpaque(opaque).release()
                var marker: UInt8 = 0
                job.body(withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) } - (4 << 20))
            }
        }
        guard let result else { throw FailureText(message: "the evaluation gave no result", hint: nil) }
        return try result.get()
    }
}
