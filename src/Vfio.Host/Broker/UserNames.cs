using System.Globalization;

namespace Vfio.Host;

/// <summary>
/// Looks up names of users. The name service may be remote and slow, so it is called on a separate thread, one lookup
/// at a time, and a caller that would wait too long gets the user ID instead. Thread-safe.
/// </summary>
/// <param name="look">Finds a name; may block for any time.</param>
internal sealed class UserNames(Func<uint, string> look)
{
    private const int MostNames = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, string> _names = [];
    private Task _question = Task.CompletedTask;

    /// <summary>Gets a user's name, or the user ID if the name is not known in time.</summary>
    public string Of(uint user)
    {
        Task question;
        lock (_lock)
        {
            if (_names.TryGetValue(user, out string? known))
            {
                return known;
            }

            // No lookup starts while another is unanswered; otherwise a user could delay the broker with each line.
            if (!_question.IsCompleted)
            {
                return Number(user);
            }

            question = _question = Task.Factory.StartNew(
                () => Ask(user), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
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
