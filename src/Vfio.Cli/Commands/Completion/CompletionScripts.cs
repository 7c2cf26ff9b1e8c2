namespace Vfio.Cli;

/// <summary>
/// What each shell needs to know. No word of vfio is in it: each script asks <c>vfio complete</c>, which answers from the same
/// tree of commands that reads the command line, and from the host.
/// </summary>
internal static class CompletionScripts
{
    /// <summary>An answer that stands for all files, which the shell knows best.</summary>
    public const string Files = ":files";

    /// <summary>An answer that stands for all users.</summary>
    public const string Users = ":users";

    private const string Bash = """
        # bash completion for vfio, as "vfio completion bash" prints it

        _vfio() {
            local line=${COMP_LINE:0:COMP_POINT} breaks= prefix= current value
            local -a words
            # The line itself: COMP_WORDS has addresses in pieces, since bash breaks words at colons.
            read -ra words <<< "$line"
            case $line in
                *[[:space:]]) words+=('') ;;
            esac
            current=${words[${#words[@]} - 1]}
            # What stands before the last break is on the line already.
            [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
            [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
            [[ -n $breaks ]] && prefix=${current%"${current##*[$breaks]}"}
            COMPREPLY=()
            while IFS=$'\t' read -r value _; do
                case $value in
                    :files)
                        compopt -o filenames 2> /dev/null
                        while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "${current#"$prefix"}")
                        ;;
                    :users)
                        while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -u -- "${current#"$prefix"}")
                        ;;
                    *)
                        # An interface may be called $(id), and bash puts answers on the line as they are.
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
                        # What _describe takes apart is escaped; what goes on the line zsh quotes itself.
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

        # Loaded by compinit, or sourced.
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

    /// <summary>The shells there is a script for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>Whether an answer is not itself one, but says what the shell shall complete.</summary>
    public static bool IsDirective(string answer) => answer is Files or Users;

    /// <summary>The script for a shell of <see cref="Shells"/>.</summary>
    public static string For(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        _ => Fish,
    };
}
