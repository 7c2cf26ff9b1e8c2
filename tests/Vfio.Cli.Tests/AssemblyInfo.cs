// A signal, which one test sends, reaches every test of the process, so tests do not run in parallel. All of them
// together take two seconds.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
