using System.Globalization;

namespace Vfio.Host;

/// <summary>
/// Names of users, from a name service that may be far away or not answer: it is asked on a thread of its own, one question at a time,
/// and who does not want to wait any longer gets the number. Any thread.
/// </summary>
/// <param name="look">Finds a name; may take as long as it likes.</param>
internal sealed class UserNames(Func<uint, string> look)
{
    private const int MostNames = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, string> _names = [];
    private Task _question = Task.CompletedTask;

    /// <summary>A user's name; the number where the name is not known in time.</summary>
    public string Of(uint user)
    {
        Task question;
        lock (_lock)
        {
            if (_names.TryGetValue(user, out string? known))
            {
                return known;
            }

            // While one is not answered no other is asked: a user could make the broker wait with each line that it causes.
            if (!_question.IsCompleted)
            {
                return Number(user);
            }

            question = _question = Task.Factory.StartNew(() => Ask(user), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        question.Wait(Patience);
        lock (_lock)
        {
            return _names.GetValueOrDefault(user) ?? Number(user);
        }
    }

    private void Ask(uint user)
    {
        string name = look(user);
        lock (_lock)
        {
            if (_names.Count == MostNames)
            {
                _names.Clear();
            }

            _names[user] = name;
        }
    }

    private static string Number(uint user) => user.ToString(CultureInfo.InvariantCulture);
}
