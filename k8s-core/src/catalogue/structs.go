// Prints the structs of Go packages, one field per line, as tab-separated
// facts: package, struct, JSON name, options of the JSON tag, protocol field
// number, Go type with package names as the compiler prints them.
// Named types that are no structs are printed with an empty JSON name and
// their underlying type.
//
// go run structs.go DIR=PACKAGE...
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"reflect"
	"sort"
	"strings"
)

func main() {
	for _, arg := range os.Args[1:] {
		dir, pkg, _ := strings.Cut(arg, "=")
		packages, err := parser.ParseDir(token.NewFileSet(), dir, func(f os.FileInfo) bool {
			name := f.Name()
			return !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "zz_") && !strings.HasPrefix(name, "generated")
		}, 0)
		if err != nil {
			panic(err)
		}
		for _, p := range packages {
			var files []string
			for name := range p.Files {
				files = append(files, name)
			}
			sort.Strings(files)
			for _, name := range files {
				printFile(pkg, p.Files[name])
			}
		}
	}
}

func printFile(pkg string, file *ast.File) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		target := strings.Trim(i.Path.Value, `"`)
		name := path.Base(target)
		if i.Name != nil {
			imports[i.Name.Name] = target
		} else {
			imports[name] = target
		}
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			typ := spec.(*ast.TypeSpec)
			structure, ok := typ.Type.(*ast.StructType)
			if !ok {
				fmt.Printf("%s\t%s\t\t\t\t%s\n", pkg, typ.Name.Name, typeName(pkg, imports, typ.Type))
				continue
			}
			for _, field := range structure.Fields.List {
				printField(pkg, typ.Name.Name, imports, field)
			}
		}
	}
}

func printField(pkg, owner string, imports map[string]string, field *ast.Field) {
	if field.Tag == nil {
		return
	}
	tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`"))
	name, options, _ := strings.Cut(tag.Get("json"), ",")
	if name == "" {
		name = "-"
		if len(field.Names) > 0 {
			name = "-" + field.Names[0].Name
		}
	}
	number := ""
	if parts := strings.Split(tag.Get("protobuf"), ","); len(parts) > 1 {
		number = parts[1]
	}
	fmt.Printf("%s\t%s\t%s\t%s\t%s\t%s\n", pkg, owner, name, options, number, typeName(pkg, imports, field.Type))
}

func typeName(pkg string, imports map[string]string, expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return "*" + typeName(pkg, imports, e.X)
	case *ast.ArrayType:
		return "[]" + typeName(pkg, imports, e.Elt)
	case *ast.MapType:
		return "map[" + typeName(pkg, imports, e.Key) + "]" + typeName(pkg, imports, e.Value)
	case *ast.SelectorExpr:
		return imports[e.X.(*ast.Ident).Name] + "." + e.Sel.Name
	case *ast.Ident:
		if ast.IsExported(e.Name) {
			return pkg + "." + e.Name
		}
		return e.Name
	default:
		return "?"
	}
}
