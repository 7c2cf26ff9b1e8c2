namespace Vfio.Tests;

public sealed class UsersTests
{
    [Theory]
    [InlineData("root")]
    [InlineData("0")]
    public void Root_is_found_by_name_and_by_number(string nameOrNumber) =>
        Assert.Equal((0u, 0u, "root"), Users.Get(nameOrNumber));

    [Theory]
    [InlineData("")]
    [InlineData("no-such-user")]
    [InlineData("4294967294")]
    [InlineData("-1")]
    [InlineData("+0")]
    [InlineData(" 0")]
    [InlineData("0x0")]
    [InlineData("root\0x")]
    [InlineData("root:x")]
    public void An_unknown_user_is_refused(string nameOrNumber)
    {
        VfioException refusal = Assert.Throws<VfioException>(() => Users.Get(nameOrNumber));
        Assert.Equal("look up", refusal.Operation);
        Assert.NotNull(refusal.Hint);
    }

    [Fact]
    public void A_number_without_a_name_is_its_own_name()
    {
        Assert.Equal("root", Users.Name(0));
        Assert.Equal("4294967294", Users.Name(4294967294));
    }
}
