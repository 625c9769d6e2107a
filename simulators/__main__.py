from simulators.cli import main

main(prog_name="python -m simulators")
