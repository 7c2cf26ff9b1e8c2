namespace Vfio.Cli;

/// <summary>
/// Holds the completion script of each shell. The scripts contain no command or option of vfio: each script calls
/// <c>vfio complete</c>, which answers from the tree of commands that also parses the command line, and from the host.
/// </summary>
internal static class CompletionScripts
{
    /// <summary>The answer that asks the shell to complete file names, which it does best itself.</summary>
    public const string Files = ":files";

    /// <summary>The answer that asks the shell to complete user names.</summary>
    public const string Users = ":users";

    private const string Bash = """
        # bash completion for vfio, as "vfio completion bash" prints it

        _vfio() {
            local line=${COMP_LINE:0:COMP_POINT} breaks= prefix= current value
            local -a words
            # Use the line itself: COMP_WORDS splits addresses, because bash breaks words at colons.
            read -ra words <<< "$line"
            case $line in
                *[[:space:]]) words+=('') ;;
            esac
            current=${words[${#words[@]} - 1]}
            # The text before the last break is already on the line.
            [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
            [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
            [[ -n $breaks ]] && prefix=${current%"${current##*[$breaks]}"}
            COMPREPLY=()
            while IFS=$'\t' read -r value _; do
                case $value in
                    :files)
                        compopt -o filenames 2> /dev/null
                        while IFS= read -r value; do
                            COMPREPLY+=("$value")
                        done < <(compgen -f -- "${current#"$prefix"}")
                        ;;
                    :users)
                        while IFS= read -r value; do
                            COMPREPLY+=("$value")
                        done < <(compgen -u -- "${current#"$prefix"}")
                        ;;
                    *)
                        # An interface may be named $(id), and bash inserts completions as they are.
                        printf -v value %q "${value#"$prefix"}"
                        COMPREPLY+=("$value")
                        ;;
                esac
            done < <("$1" complete -- "${words[@]:1}" 2> /dev/null)
        }

        complete -F _vfio vfio

        """;

    private const string Zsh = """
        #compdef vfio
        # zsh completion for vfio, as "vfio completion zsh" prints it

        _vfio() {
            local line value
            local -a values
            for line in "${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)}"; do
                value=${line%%$'\t'*}
                case $value in
                    '') ;;
                    :files) _files ;;
                    :users) _users ;;
                    *)
                        # Escape what _describe splits; zsh itself quotes what it inserts.
                        value=${${value//\\/\\\\}//:/\\:}
                        if [[ $line == *$'\t'* ]]; then
                            values+=("$value:${line#*$'\t'}")
                        else
                            values+=("$value")
                        fi
                        ;;
                esac
            done
            (( ${#values} )) && _describe -V vfio values
        }

        # Works both when compinit loads it and when it is sourced.
        if [[ ${funcstack[1]} == _vfio ]]; then
            _vfio "$@"
        else
            compdef _vfio vfio
        fi

        """;

    private const string Fish = """
        # fish completion for vfio, as "vfio completion fish" prints it

        function __vfio_complete
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            set -l tool $words[1]
            set -e words[1]
            for line in ($tool complete -- $words "$current" 2> /dev/null)
                switch $line
                    case ':files'
                        __fish_complete_path "$current"
                    case ':users'
                        __fish_complete_users
                    case '*'
                        printf '%s\n' $line
                end
            end
        end

        complete -c vfio -f -a '(__vfio_complete)'

        """;

    /// <summary>Gets the names of the supported shells.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>
    /// Returns whether an answer is not a completion, but names a kind of completion that the shell itself offers.
    /// </summary>
    public static bool IsDirective(string answer) => answer is Files or Users;

    /// <summary>Returns the script for one of <see cref="Shells"/>.</summary>
    public static string For(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        _ => Fish,
    };
}
