namespace Vfio.Tests;

public sealed class DisposalTests
{
    [Fact]
    public void All_steps_are_run_and_the_first_exception_is_thrown()
    {
        List<int> made = [];
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => Disposal.InTurn([
            () => made.Add(1),
            () => throw new InvalidOperationException("the cause"),
            () => made.Add(2),
            () => throw new NotSupportedException("what follows from it"),
            () => made.Add(3)]));
        Assert.Equal("the cause", thrown.Message);
        Assert.Equal([1, 2, 3], made);
    }

    [Fact]
    public void Without_steps_nothing_happens() => Disposal.InTurn([]);
}
