// A signal, which one test sends, reaches every test of the process. All of them take two seconds.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
